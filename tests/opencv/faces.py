#!/usr/bin/env python3
"""What OpenCV makes of pictures with the same two models. One JSON document in, one out:

faces.py MODELS < {"looks": [{"path", "longest"}], "faces": [{"path", "points"}], "crops": [path]}

looks:  faces of a picture whose longest side is brought to `longest` px (0: as it is), in pixels of that size
faces:  vectors of faces of a picture by their five points (pixels of the picture)
crops:  vectors of aligned pictures of 112 px
"""
import json
import pathlib
import sys

import cv2
import numpy

# What FaceRecognizerSF::alignCrop brings eyes to: 35.2 px apart.
TEMPLATE = numpy.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def model(folder, name):
    return str(next(pathlib.Path(folder).glob(name)))


def read(path):
    picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        sys.exit(f"{path} can not be read")
    return picture


def smaller(picture, longest):
    height, width = picture.shape[:2]
    if longest == 0 or max(width, height) <= longest:
        return picture
    scale = longest / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def look(detector, path, longest):
    shown = smaller(read(path), longest)
    height, width = shown.shape[:2]
    detector.setInputSize((width, height))
    _, faces = detector.detect(shown)
    return {
        "size": [width, height],
        "faces": [{"area": face[:4], "points": numpy.reshape(face[4:14], (5, 2)).tolist(), "score": face[14]}
                  for face in ([] if faces is None else faces.tolist())],
    }


def vector(recogniser, path, points):
    """As alignCrop does it, from a picture that is averaged first where it would skip pixels."""
    picture, points = read(path), numpy.array(points)
    spread = points - points.mean(axis=0)
    scale = float(((TEMPLATE - TEMPLATE.mean(axis=0)) ** 2).sum() / (spread**2).sum()) ** 0.5
    if scale < 0.75:
        height, width = picture.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        points = (points + 0.5) * [size[0] / width, size[1] / height] - 0.5
    face = numpy.concatenate([[0, 0, 1, 1], points.flatten(), [1]]).astype(numpy.float32)
    return recogniser.feature(recogniser.alignCrop(picture, face.reshape(1, -1)))[0].tolist()


def main():
    asked = json.load(sys.stdin)
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(model(sys.argv[1], "*yunet*.onnx"), "", (320, 320), 0.75, 0.3, 5000)
    recogniser = cv2.FaceRecognizerSF.create(model(sys.argv[1], "*sface*.onnx"), "")
    json.dump({
        "looks": [look(detector, one["path"], one["longest"]) for one in asked.get("looks", [])],
        "faces": [vector(recogniser, one["path"], one["points"]) for one in asked.get("faces", [])],
        "crops": [recogniser.feature(read(path))[0].tolist() for path in asked.get("crops", [])],
    }, sys.stdout)


if __name__ == "__main__":
    main()
