"""Tests; they mirror the code that they test."""
