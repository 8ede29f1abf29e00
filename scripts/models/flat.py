"""Reads tables of a FlatBuffers file by field number: just enough for TensorFlow Lite models."""

import struct

import numpy as np


class Table:
    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        self.count = (struct.unpack_from("<H", data, self.fields)[0] - 4) // 2

    @staticmethod
    def root(data):
        return Table(data, struct.unpack_from("<I", data)[0])

    def _place(self, field):
        if field >= self.count:
            return None
        offset = struct.unpack_from("<H", self.data, self.fields + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def number(self, field, code="i", default=0):
        place = self._place(field)
        return default if place is None else struct.unpack_from("<" + code, self.data, place)[0]

    def _target(self, field):
        place = self._place(field)
        return None if place is None else place + struct.unpack_from("<I", self.data, place)[0]

    def table(self, field):
        target = self._target(field)
        return None if target is None else Table(self.data, target)

    def array(self, field, dtype):
        target = self._target(field)
        if target is None:
            return np.zeros(0, dtype)
        return np.frombuffer(self.data, dtype, struct.unpack_from("<I", self.data, target)[0], target + 4)

    def tables(self, field):
        start = self._target(field)
        if start is None:
            return []
        places = [start + 4 + 4 * i for i in range(struct.unpack_from("<I", self.data, start)[0])]
        return [Table(self.data, place + struct.unpack_from("<I", self.data, place)[0]) for place in places]
