"""What people get from a published file: report, exports, documentation."""
