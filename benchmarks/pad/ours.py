"""The cell of our contender: the lab, noting when it does what.

A frame has a number; it notes for how many points of the drawing each side's answers in it are, so
that the page, which notes when it has painted which number, need not know. The clocks of kernel and
page are the same machine's.
"""

import time

from IPython.display import display

from mnist_nb import Lab
from mnist_nb.lab.pad import DigitPad

came: list[float] = []  # when the pad had handled each point of the drawing, seconds since 1970
# Of each frame: its number, points of the local answer and of the edge's, frame begun, sent.
made: list[tuple[int, int, int, float, float]] = []
begun = 0.0


def note_begin(frame):
    def noting(self):
        global begun
        begun = time.time()
        frame(self)

    return noting


class NotingLab(Lab):
    asked = {}  # noqa: RUF012  # points by the question

    def _ask(self):
        super()._ask()
        newest, points = self._edge.newest, sum(map(len, self.pad.drawing.strokes))
        if newest is None:
            self.asked.clear()  # answers to an earlier drawing do not count
        else:
            self.asked[id(newest)] = (newest, points)

    def _show(self):
        super()._show()
        here, edge = self._edge.newest, self._edge.news.question
        points, known = (self.asked.get(id(one), (None, 0))[1] for one in (here, edge))
        made.append((self.pad.pace.number, points, known, begun, time.time()))


DigitPad._frame = note_begin(DigitPad._frame)
lab = NotingLab()
# Called after the pad's own handlers; the mouse is down when a point is noted.
lab.pad.canvas.on_mouse_down(lambda x, y: came.append(time.time()))
lab.pad.canvas.on_mouse_move(lambda x, y: came.append(time.time()) if lab.pad._stroke else None)
display(lab)
