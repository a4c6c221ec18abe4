#!/usr/bin/env python3
"""A stand-in for Amazon Rekognition's collections, for tests: it speaks JSON 1.1 to the real SDK, checks signatures, and
checks each request and each of its own answers against the service's model.

server.py --model service-2.json.gz --faces FOLDER --key ID:SECRET [--key ...] [--port N]

Prints `listening on PORT` once it does. `GET /_state` tells what came (`calls` by operation, `violations`, the highest
number of calls within a second), `GET /_requests` each request with its picture's bytes in base64, `POST /_state` sets:

throttle_tps   calls of an operation a second; what is above is refused
fail_every     each Nth call ends in an internal error
cut_every      each Nth call's connection is cut, after the work was done
late_ms        answers wait so long
lag_ms         so long after IndexFaces the face is neither listed nor found
page_size      faces of one page of ListFaces
model_version  that collections and answers tell
expired        signatures are refused as expired tokens
instant        no picture is looked at: each shows one face, which nobody resembles
lose           a collection to forget
"""

import argparse
import base64
import collections
import json
import socket
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy
from eyes import Eyes, similarity
from model import Model
from signature import Refused, check

LARGEST_BYTES = 5_242_880
SWITCHES = {"throttle_tps": 0, "fail_every": 0, "cut_every": 0, "late_ms": 0, "lag_ms": 0, "page_size": 4096,
            "model_version": "7.0", "expired": False, "instant": False}


class Service:
    def __init__(self, model, eyes, keys):
        self.model, self.eyes, self.keys = model, eyes, keys
        self.lock = threading.Lock()
        self.switches = dict(SWITCHES)
        self.collections = {}
        self.calls = collections.Counter()
        self.times = collections.defaultdict(list)
        self.violations, self.requests = [], []
        self.number = 0

    # What every call goes through.

    def answer(self, operation, value, region):
        with self.lock:
            self.number += 1
            number = self.number
            self.calls[operation] += 1
            now = time.monotonic()
            self.times[operation].append(now)
            self.requests.append({"at": now, "operation": operation, "request": value})
            recent = sum(1 for at in self.times[operation][-1000:] if now - at < 1.0)
            violations = self.model.violations(operation, value)
            self.violations.extend(violations)
        if violations:
            raise Refused("InvalidParameterException", "; ".join(violations))
        switches = self.switches
        if switches["throttle_tps"] and recent > switches["throttle_tps"]:
            raise Refused("ProvisionedThroughputExceededException", "Provisioned rate exceeded.")
        if switches["fail_every"] and number % switches["fail_every"] == 0:
            raise Refused("InternalServerError", "Internal server error")
        done = getattr(self, f"do_{operation}")(value, region)
        self.violations.extend(self.model.answer_violations(operation, done))
        time.sleep(switches["late_ms"] / 1000)
        if switches["cut_every"] and number % switches["cut_every"] == 0:
            raise ConnectionAbortedError
        return done

    def collection(self, value):
        found = self.collections.get(value["CollectionId"])
        if found is None:
            raise Refused("ResourceNotFoundException", f"The collection id: {value['CollectionId']} does not exist")
        return found

    def seen(self, image):
        if "Bytes" not in image:
            raise Refused("InvalidS3ObjectException", "Unable to get object metadata from S3.")
        data = base64.b64decode(image["Bytes"])
        if len(data) > LARGEST_BYTES:
            raise Refused("ImageTooLargeException", f"Image size is too large: {len(data)} bytes")
        if data[:3] != b"\xff\xd8\xff" and data[:8] != b"\x89PNG\r\n\x1a\n":
            raise Refused("InvalidImageFormatException", "Request has invalid image format")
        if self.switches["instant"]:
            vector = numpy.zeros(128)
            box = {"Left": 0.25, "Top": 0.25, "Width": 0.5, "Height": 0.5}
            return [{"box": box, "confidence": 99.0, "vector": vector, "sharpness": 90.0, "brightness": 60.0, "landmarks": []}]
        picture = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise Refused("InvalidImageFormatException", "Request has invalid image format")
        if min(picture.shape[:2]) < 80:
            raise Refused("InvalidParameterException", "Request has invalid parameters: the image is smaller than 80 pixels")
        return self.eyes.faces(picture)

    def visible(self, found):
        now = time.monotonic()
        return {face: one for face, one in found["faces"].items() if now - one["at"] >= self.switches["lag_ms"] / 1000}

    # Operations.

    def do_CreateCollection(self, value, region):
        name = value["CollectionId"]
        with self.lock:
            if name in self.collections:
                raise Refused("ResourceAlreadyExistsException", f"The collection id: {name} already exists")
            arn = f"arn:aws:rekognition:{region}:111122223333:collection/{name}"
            self.collections[name] = {"faces": {}, "arn": arn, "created": time.time(), "tags": value.get("Tags", {}),
                                      "version": self.switches["model_version"]}
        return {"StatusCode": 200, "CollectionArn": f"aws:rekognition:{region}:111122223333:collection/{name}",
                "FaceModelVersion": self.switches["model_version"]}

    def do_DescribeCollection(self, value, _region):
        found = self.collection(value)
        return {"FaceCount": len(found["faces"]), "FaceModelVersion": found["version"], "CollectionARN": found["arn"],
                "CreationTimestamp": found["created"], "UserCount": 0}

    def do_ListCollections(self, value, _region):
        names = sorted(self.collections)
        begin, more = page(value, len(names), 4096)
        ids = names[begin:more or None]
        return {"CollectionIds": ids, "FaceModelVersions": [self.collections[name]["version"] for name in ids],
                **({"NextToken": token(more)} if more else {})}

    def do_DeleteCollection(self, value, _region):
        self.collection(value)
        with self.lock:
            self.collections.pop(value["CollectionId"], None)
        return {"StatusCode": 200}

    def do_TagResource(self, value, _region):
        self.by_arn(value)["tags"].update(value["Tags"])
        return {}

    def do_ListTagsForResource(self, value, _region):
        return {"Tags": self.by_arn(value)["tags"]}

    def by_arn(self, value):
        found = next((one for one in self.collections.values() if one["arn"] == value["ResourceArn"]), None)
        if found is None:
            raise Refused("ResourceNotFoundException", "The resource does not exist")
        return found

    def do_IndexFaces(self, value, _region):
        found = self.collection(value)
        faces = self.seen(value["Image"])
        records, left = [], []
        good = []
        for face in faces:
            reasons = faults(face, value.get("QualityFilter", "AUTO"))
            if reasons:
                left.append({"Reasons": reasons, "FaceDetail": detail(face)})
            else:
                good.append(face)
        # What is above MaxFaces goes by quality, not by size.
        good.sort(key=lambda face: -face["sharpness"] * face["confidence"])
        most = value.get("MaxFaces", len(good))
        left.extend({"Reasons": ["EXCEEDS_MAX_FACES"], "FaceDetail": detail(face)} for face in good[most:])
        image = str(uuid.uuid4())
        for face in good[:most]:
            kept = {
                "FaceId": str(uuid.uuid4()), "ImageId": image, "BoundingBox": face["box"], "Confidence": face["confidence"],
                **({"ExternalImageId": value["ExternalImageId"]} if "ExternalImageId" in value else {}),
            }
            with self.lock:
                found["faces"][kept["FaceId"]] = {"face": kept, "vector": face["vector"], "at": time.monotonic()}
            records.append({"Face": kept, "FaceDetail": detail(face)})
        return {"FaceRecords": records, "UnindexedFaces": left, "FaceModelVersion": found["version"]}

    def do_ListFaces(self, value, _region):
        found = self.collection(value)
        faces = self.visible(found)
        wanted = value.get("FaceIds")
        ids = sorted(face for face in faces if wanted is None or face in wanted)
        begin, more = page(value, len(ids), min(self.switches["page_size"], 4096))
        return {"Faces": [faces[face]["face"] for face in ids[begin:more or None]], "FaceModelVersion": found["version"],
                **({"NextToken": token(more)} if more else {})}

    def do_DeleteFaces(self, value, _region):
        found = self.collection(value)
        gone, not_gone = [], []
        for face in value["FaceIds"]:
            with self.lock:
                if found["faces"].pop(face, None) is None:
                    not_gone.append({"FaceId": face, "Reasons": ["FACE_NOT_FOUND"]})
                else:
                    gone.append(face)
        # The model has no empty list of deleted faces.
        return {**({"DeletedFaces": gone} if gone else {}), "UnsuccessfulFaceDeletions": not_gone}

    def do_SearchFacesByImage(self, value, _region):
        found = self.collection(value)
        faces = self.seen(value["Image"])
        faces = [face for face in faces if not faults(face, value.get("QualityFilter", "NONE"))]
        if not faces:
            raise Refused("InvalidParameterException", "There are no faces in the image. Should be at least 1.")
        asked = faces[0]
        return {"SearchedFaceBoundingBox": asked["box"], "SearchedFaceConfidence": asked["confidence"],
                "FaceMatches": self.matches(found, asked["vector"], value, None), "FaceModelVersion": found["version"]}

    def do_SearchFaces(self, value, _region):
        found = self.collection(value)
        asked = self.visible(found).get(value["FaceId"])
        if asked is None:
            raise Refused("InvalidParameterException", f"faceId {value['FaceId']} was not found in the collection")
        return {"SearchedFaceId": value["FaceId"], "FaceModelVersion": found["version"],
                "FaceMatches": self.matches(found, asked["vector"], value, value["FaceId"])}

    def matches(self, found, vector, value, but):
        floor = value.get("FaceMatchThreshold", 80.0)
        near = [(similarity(vector, one["vector"]), one["face"]) for face, one in self.visible(found).items() if face != but]
        near = sorted((one for one in near if one[0] >= floor), key=lambda one: (-one[0], one[1]["FaceId"]))
        return [{"Similarity": score, "Face": face} for score, face in near[:value.get("MaxFaces", 80)]]

    # What tests ask.

    def state(self):
        busiest = {}
        for operation, times in self.times.items():
            busiest[operation] = max((sum(1 for other in times if 0 <= other - at < 1.0) for at in times[:5000]), default=0)
        faces = {name: [one["face"] for one in found["faces"].values()] for name, found in self.collections.items()}
        tags = {name: found["tags"] for name, found in self.collections.items()}
        return {"calls": self.calls, "violations": self.violations, "busiest_second": busiest, "faces": faces, "tags": tags}

    def set(self, value):
        for name, wanted in value.items():
            if name == "lose":
                self.collections.pop(wanted, None)
            elif name in self.switches:
                self.switches[name] = wanted
            else:
                raise KeyError(name)


def faults(face, quality):
    reasons = []
    if quality == "NONE":
        return reasons
    strict = {"AUTO": 1.0, "LOW": 0.5, "MEDIUM": 1.0, "HIGH": 2.0}[quality]
    if face["sharpness"] < 4 * strict:
        reasons.append("LOW_SHARPNESS")
    if face["brightness"] < 10 * strict:
        reasons.append("LOW_BRIGHTNESS")
    if face["confidence"] < 96:
        reasons.append("LOW_CONFIDENCE")
    return reasons


def detail(face):
    return {"BoundingBox": face["box"], "Confidence": face["confidence"], "Landmarks": face["landmarks"],
            "Quality": {"Brightness": face["brightness"], "Sharpness": face["sharpness"]},
            "Pose": {"Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0}}


def page(value, count, most):
    """From which item on, and where the next page begins: 0 where there is none."""
    begin = 0
    if "NextToken" in value:
        try:
            begin = int(base64.b64decode(value["NextToken"]).decode().removeprefix("from "))
        except ValueError:
            raise Refused("InvalidPaginationTokenException", "Invalid pagination token.") from None
    end = begin + min(value.get("MaxResults", most), most)
    return begin, end if end < count else 0


def token(begin):
    return base64.b64encode(f"from {begin}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service = None

    def do_GET(self):
        if self.path == "/_state":
            self.reply(200, self.service.state())
        elif self.path == "/_requests":
            self.reply(200, self.service.requests)
        else:
            self.reply(404, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_state":
            try:
                self.service.set(json.loads(body))
            except (KeyError, ValueError) as error:
                self.reply(400, {"message": f"no such switch: {error}"})
                return
            self.reply(200, self.service.switches)
            return
        try:
            self.reply(200, self.call(body))
        except Refused as refused:
            status = 500 if refused.name == "InternalServerError" else 400
            self.reply(status, {"__type": refused.name, "message": str(refused)}, refused.name)
        except ConnectionAbortedError:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except Exception as error:
            # A defect of the stand-in fails the test like a wrong request.
            self.service.violations.append(f"the stand-in failed: {error!r}")
            raise

    def call(self, body):
        service = self.service
        headers = {name.lower(): value for name, value in self.headers.items()}
        prefix, _, operation = headers.get("x-amz-target", "").partition(".")
        if prefix != service.model.target_prefix or not service.model.knows(operation):
            raise Refused("UnknownOperationException", "")
        if headers.get("content-type") != "application/x-amz-json-1.1":
            service.violations.append(f"{operation}: the content type is {headers.get('content-type')}")
        if service.switches["expired"]:
            raise Refused("ExpiredTokenException", "The security token included in the request is expired")
        _, region = check("POST", self.path, headers, body, service.keys)
        if not hasattr(service, f"do_{operation}"):
            raise Refused("AccessDeniedException", f"User is not authorized to perform: rekognition:{operation}")
        try:
            value = json.loads(body)
        except ValueError:
            raise Refused("SerializationException", "The request is no JSON") from None
        return service.answer(operation, value, region)

    def reply(self, status, value, error=None):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--faces", required=True)
    parser.add_argument("--key", action="append", required=True)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    keys = dict(key.split(":", 1) for key in args.key)
    Handler.service = Service(Model(args.model), Eyes(args.faces), keys)
    server = Server(("127.0.0.1", args.port), Handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
