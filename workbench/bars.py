raise ImportError("renamed: the module is workbench.shape now (wb.bars is the function; a submodule of that name would hide it); likewise workbench.ingest is workbench.ingestion")
