"""The market-data research workbench: `import workbench as wb`."""
