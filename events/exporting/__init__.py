"""Lists of the desk as files: what somebody sees filtered there, as CSV or XLSX, however long it is."""
