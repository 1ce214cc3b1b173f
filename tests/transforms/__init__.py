"""Tests of the runner, its checks and its models."""
