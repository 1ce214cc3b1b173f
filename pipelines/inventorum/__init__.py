"""The Inventorum / Shore POS API: HTTP and the reading protocol; knows neither where orders go nor why."""
