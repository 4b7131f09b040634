"""What runs in a process of its own to make one t-SNE map, so that it can be stopped at any moment.

``python -P t_sne_child.py VALUES MAP``: reads and writes arrays as ``.npy``. scikit-learn tells of its
iterations on the standard output. It ends when its standard input does: then nobody waits for it any more.
"""

import os
import sys
import threading

import numpy as np


def main(values_file: str, map_file: str) -> None:
    """Make the map of the values (N, D) in one file, and write it, (N, 2), into the other."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    from sklearn.manifold import TSNE  # here: it takes a second to import

    values = np.load(values_file)
    start = values[:, :2].astype(np.float32)
    start *= 1e-4 / (start[:, 0].std() or 1.0)  # as scikit-learn begins from principal components
    maker = TSNE(
        perplexity=min(30.0, (len(values) - 1) / 3),
        init=start,
        learning_rate="auto",
        max_iter=1000,
        random_state=0,
        verbose=2,
        n_jobs=1,
    )
    np.save(map_file, maker.fit_transform(values))


def _end_with_input() -> None:
    while os.read(0, 1 << 10):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
