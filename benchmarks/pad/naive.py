"""The cell of the naive contender: what a first version of a live pad would be.

A callback that draws, computes, asks the edge and sets twenty bars, one after the other.
"""

import os

import ipywidgets
import requests
from ipycanvas import Canvas
from IPython.display import display

from mnist_nb import Drawing, Network, rasterize

network, points, drawing = Network.load(), [], False
canvas = Canvas(width=280, height=280)
canvas.layout.width = canvas.layout.height = "280px"
local, edge = ([ipywidgets.FloatProgress(max=1) for _ in range(10)] for _ in range(2))
counts = ipywidgets.HTML()  # for how many points the bars are: only the benchmark reads it


def down(x, y):
    global drawing
    drawing = True
    move(x, y)


def up(x, y):
    global drawing
    drawing = False


def move(x, y):
    if not drawing:
        return
    points.append((x, y))
    canvas.fill_circle(x, y, 8)
    image = rasterize(Drawing([points]))
    for bar, p in zip(local, network.predict(image)[0], strict=True):
        bar.value = float(p)
    url = os.environ["MNIST_NB_EDGE_URL"]
    answer = requests.post(url + "/classify", json=image.ravel().tolist(), timeout=10).json()
    for bar, p in zip(edge, answer, strict=True):
        bar.value = float(p)
    counts.value = f'<i data-number="{len(points)}"></i>'


canvas.on_mouse_down(down)
canvas.on_mouse_up(up)
canvas.on_mouse_move(move)
box = ipywidgets.HBox([canvas, ipywidgets.VBox(local), ipywidgets.VBox(edge), counts])
box.add_class("mnist-nb-paper")
display(box)
