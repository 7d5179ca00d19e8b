"""Train a small network of your own: what `05_train` works with.

`design` makes an untrained network, `loop` trains one, `watch` shows how it goes, and `collection`
keeps the digits that you drew and labelled. Only `loop` needs PyTorch. The recipe of the shipped
network is another one, `model/train.py`.
"""
