"""`/reports` and what comes of it: charts, the printable month, PDF, Excel, and `/api/v1/reports`."""
