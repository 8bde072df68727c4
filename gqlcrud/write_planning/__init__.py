"""Inputs of mutations in, what is to be written out."""
