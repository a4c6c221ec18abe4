#!/usr/bin/env python3
"""OpenCV at what the rows `faces` and `orl` of the benchmark measure, with the same two models, on one thread.

speed.py MODELS picture JPEG RUNS   CPU seconds for finding (480 and 1280 px) and making vectors, decoding apart
speed.py MODELS pairs FOLDER        vectors of FOLDER/sN/M.pgm, enlarged twice, a line each
"""
import json
import pathlib
import statistics
import sys
import time

import cv2
import numpy

cv2.setNumThreads(1)
MODELS = pathlib.Path(sys.argv[1])
detector = cv2.FaceDetectorYN.create(str(next(MODELS.glob("*yunet*.onnx"))), "", (320, 320), 0.75, 0.3, 5000)
recogniser = cv2.FaceRecognizerSF.create(str(next(MODELS.glob("*sface*.onnx"))), "")


def smaller(picture, longest):
    height, width = picture.shape[:2]
    if max(width, height) <= longest:
        return picture
    scale = longest / max(width, height)
    return cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)


def faces(picture):
    far = smaller(picture, 1280)
    found = []
    for shown in [far] if max(far.shape) <= 480 else [far, smaller(far, 480)]:
        detector.setInputSize((shown.shape[1], shown.shape[0]))
        _, seen = detector.detect(shown)
        if seen is not None:
            back = picture.shape[1] / shown.shape[1]
            found.extend(numpy.concatenate([face[:14] * back, face[14:]]) for face in seen)
    kept = cv2.dnn.NMSBoxes([face[:4].tolist() for face in found], [float(face[14]) for face in found], 0.75, 0.3)
    kept = sorted((found[at] for at in kept), key=lambda face: -face[2] * face[3])
    return [recogniser.feature(recogniser.alignCrop(picture, face))[0] for face in kept]


if sys.argv[2] == "picture":
    picture, seconds = cv2.imread(sys.argv[3]), []
    faces(picture)
    for _ in range(int(sys.argv[4])):
        start = time.process_time()
        count = len(faces(picture))
        seconds.append(time.process_time() - start)
    print(json.dumps({"cpu_seconds": statistics.median(seconds), "faces": count}))
else:
    for person in range(1, 41):
        for number in range(1, 11):
            picture = cv2.imread(f"{sys.argv[3]}/s{person}/{number}.pgm", cv2.IMREAD_COLOR)
            picture = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            for vector in faces(picture)[:1]:
                print(json.dumps({"person": person, "vector": vector.tolist()}))
