"""Faces in the images below a folder, found on all cores of a Ray cluster.

usage: python ray_faces.py FOLDER OUT.jsonl [MODEL_FOLDER]

FOLDER is absolute, or an address that Ray reads (s3://…). Lines are those of `mtcnn detect --json`, in any order.
"""

import json
import sys

import libmtcnn
import ray


class FindFaces:
    """What each process does: it loads the model once, then takes an image at a time."""
    def __init__(self, folder, model):
        libmtcnn.set_threads(1)  # a process per core
        self.folder, self.mtcnn = folder, libmtcnn.MTCNN(model=model)

    def __call__(self, row):
        line = {"image": row["path"].partition(self.folder)[2].lstrip("/"), "faces": []}
        try:
            line["faces"] = self.mtcnn.detect_faces(row["bytes"])
        except libmtcnn.Error as error:
            line["error"] = str(error)
        return {"line": json.dumps(line)}


def main(folder, out, model=None):
    ray.init()
    images = ray.data.read_binary_files(folder, include_paths=True, file_extensions=["jpg", "jpeg", "png"])
    found = images.map(FindFaces, fn_constructor_args=(folder, model), concurrency=(1, int(ray.cluster_resources()["CPU"])))
    with open(out, "w", encoding="utf-8") as lines:
        lines.writelines(row["line"] + "\n" for row in found.iter_rows())


if __name__ == "__main__":
    main(*sys.argv[1:])
