"""Questions that only read: for pages, exports, metrics and checks. None of them returns a Statement."""
