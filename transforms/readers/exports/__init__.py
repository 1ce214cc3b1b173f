"""What leaves the warehouse as files: tables as CSV, Excel and Parquet, bookings for DATEV."""
