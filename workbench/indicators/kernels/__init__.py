"""The loops behind the indicators, by what they compute."""
