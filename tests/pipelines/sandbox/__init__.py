"""Tests of the sandbox: the behaviour that the API documents, over real HTTP."""
