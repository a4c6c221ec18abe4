"""Faces of a picture, and how alike two are, as the stand-in sees them: OpenCV's YuNet and SFace, none of our own code."""

import pathlib
import threading

import cv2
import numpy

# Cosine of SFace against the similarity that the service would tell: made up, monotone, so that its customary
# thresholds (80, 90, 98) lie where faces are doubtful, likely and sure.
COSINES = [-1.0, 0.0, 0.30, 0.363, 0.45, 0.60, 1.0]
SIMILARITIES = [0.0, 10.0, 80.0, 90.0, 98.0, 99.5, 100.0]

# The service is told to find faces from 40 px in a picture of 1920 x 1080.
SMALLEST = 40 / 1920


class Eyes:
    def __init__(self, models):
        find = lambda name: str(next(pathlib.Path(models).glob(name)))
        cv2.setNumThreads(1)
        self.detector = cv2.FaceDetectorYN.create(find("*yunet*.onnx"), "", (320, 320), 0.7, 0.3, 5000)
        self.recogniser = cv2.FaceRecognizerSF.create(find("*sface*.onnx"), "")
        self.one_at_a_time = threading.Lock()

    def faces(self, picture):
        """Each with box (fractions), confidence (0 to 100), vector, sharpness and brightness (0 to 100); largest first."""
        height, width = picture.shape[:2]
        found = []
        for scale in sorted({1.0, min(1.0, 640 / max(width, height)), min(1.0, 320 / max(width, height))}):
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
            with self.one_at_a_time:
                self.detector.setInputSize(size)
                _, rows = self.detector.detect(shown)
            for row in [] if rows is None else rows:
                whole = row.copy()
                whole[:14] /= scale
                if all(overlap(whole, other) < 0.3 for other in found):
                    found.append(whole)
        found = [row for row in found if row[2] >= SMALLEST * max(width, height)]
        found.sort(key=lambda row: -row[2] * row[3])
        return [self.described(picture, row, width, height) for row in found]

    def described(self, picture, row, width, height):
        with self.one_at_a_time:
            aligned = self.recogniser.alignCrop(picture, row.reshape(1, -1).astype(numpy.float32))
            vector = self.recogniser.feature(aligned)[0]
        grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)
        left, top, wide, high = (float(value) for value in row[:4])
        return {
            "box": {"Left": left / width, "Top": top / height, "Width": wide / width, "Height": high / height},
            "confidence": min(100.0, 90.0 + 10.0 * float(row[14])),
            "vector": vector / numpy.linalg.norm(vector),
            "sharpness": float(min(100.0, cv2.Laplacian(grey, cv2.CV_64F).var() / 8)),
            "brightness": float(grey.mean()) / 2.55,
            "landmarks": [
                {"Type": name, "X": float(row[4 + 2 * n]) / width, "Y": float(row[5 + 2 * n]) / height}
                for n, name in enumerate(["eyeRight", "eyeLeft", "nose", "mouthRight", "mouthLeft"])
            ],
        }


def overlap(one, other):
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (one[2] * one[3] + other[2] * other[3] - wide * high)


def similarity(one, other):
    return float(numpy.interp(float(one @ other), COSINES, SIMILARITIES))
