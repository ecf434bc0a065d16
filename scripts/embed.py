#!/usr/bin/env python3
"""Turns a file into a C array: embed.py FILE HEADER NAME"""
import pathlib
import sys

source, header, name = sys.argv[1:]
data = pathlib.Path(source).read_bytes()
rows = [",".join(str(byte) for byte in data[start:start + 40]) for start in range(0, len(data), 40)]
pathlib.Path(header).write_text(f"static const unsigned char {name}[{len(data)}] = {{\n" + ",\n".join(rows) + "\n};\n")
