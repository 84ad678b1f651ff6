"""From arrays to Plotly figures that never carry more points than a screen can show."""

from workbench.charts.live import Chart, chart
from workbench.charts.study import Study, indicator_study

__all__ = ["Chart", "Study", "chart", "indicator_study"]
