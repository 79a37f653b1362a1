"""Faces in the images below a folder, found by Spark.

usage: python spark_faces.py FOLDER OUT [MODEL_FOLDER]; on a cluster spark-submit in the place of python

FOLDER and OUT are absolute, or addresses that Spark reads (s3a://…, hdfs://…). A line of the files in OUT is that of `mtcnn detect --json`.
"""

import json
import sys

import libmtcnn
import pandas as pd
from pyspark.sql import SparkSession


def find_faces(folder, model):
    """What each task does with its part of the images: it loads the model once, then takes an image at a time."""

    def find(tables):
        libmtcnn.set_threads(1)  # a task per core
        mtcnn = libmtcnn.MTCNN(model=model)
        for table in tables:
            lines = []
            for path, content in zip(table.path, table.content):
                lines.append({"image": path.partition(folder)[2].lstrip("/"), "faces": []})
                try:
                    lines[-1]["faces"] = mtcnn.detect_faces(content)
                except libmtcnn.Error as error:
                    lines[-1]["error"] = str(error)
            yield pd.DataFrame({"line": map(json.dumps, lines)})

    return find


if __name__ == "__main__":
    folder, out, *model = sys.argv[1:]
    spark = SparkSession.builder.appName("faces").config("spark.sql.execution.arrow.maxRecordsPerBatch", 64).getOrCreate()
    images = spark.read.format("binaryFile").options(recursiveFileLookup=True, pathGlobFilter="*.{jpg,jpeg,png}").load(folder)
    images.select("path", "content").mapInPandas(find_faces(folder, *model or [None]), "line string").write.text(out)
