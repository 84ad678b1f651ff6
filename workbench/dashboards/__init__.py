"""Dashboards: widgets that run in JupyterLab and in Voilà, and the server that shows them."""
