#!/usr/bin/env python3
"""Tries the stand-in with AWS's own client for Python: check.py PORT KEY SECRET FACES, a folder of portraits."""

import json
import pathlib
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

PORT, KEY, SECRET, FACES = sys.argv[1:]
URL = f"http://127.0.0.1:{PORT}"


def client(secret=SECRET):
    return boto3.client("rekognition", region_name="eu-west-1", endpoint_url=URL, aws_access_key_id=KEY,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}, parameter_validation=False))


def switch(**switches):
    urllib.request.urlopen(urllib.request.Request(f"{URL}/_state", json.dumps(switches).encode(), method="POST")).read()


def state():
    return json.load(urllib.request.urlopen(f"{URL}/_state"))


def refused(name, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == name, f"{name} was expected: {error}"
        return
    raise AssertionError(f"{name} was expected, and it was done")


def picture(name):
    return {"Bytes": pathlib.Path(FACES, f"{name}.jpg").read_bytes()}


rekognition = client()
told = rekognition.create_collection(CollectionId="fair", Tags={"made-by": "photoctl"})
assert told["FaceModelVersion"] == "7.0", told
refused("ResourceAlreadyExistsException", lambda: rekognition.create_collection(CollectionId="fair"))
refused("ResourceNotFoundException", lambda: rekognition.describe_collection(CollectionId="none"))
refused("InvalidSignatureException", lambda: client("another").list_collections())

# Two of one person are alike, others are not; the largest face is searched for.
ids = {}
for name in ("person_a_1", "person_b_1"):
    told = rekognition.index_faces(CollectionId="fair", Image=picture(name), ExternalImageId=name, MaxFaces=1, QualityFilter="AUTO")
    assert len(told["FaceRecords"]) == 1 and told["UnindexedFaces"] == [], told
    ids[name] = told["FaceRecords"][0]["Face"]["FaceId"]
near = rekognition.search_faces_by_image(CollectionId="fair", Image=picture("person_a_2"), FaceMatchThreshold=80)
assert [match["Face"]["ExternalImageId"] for match in near["FaceMatches"]] == ["person_a_1"], near
assert near["FaceMatches"][0]["Similarity"] > 90 and near["SearchedFaceBoundingBox"]["Width"] > 0.1, near
assert rekognition.search_faces_by_image(CollectionId="fair", Image=picture("impostor_1"))["FaceMatches"] == []
refused("InvalidImageFormatException", lambda: rekognition.search_faces_by_image(CollectionId="fair", Image={"Bytes": b"GIF89a"}))

# Pages, what is gone, and what appears late.
switch(page_size=1)
first = rekognition.list_faces(CollectionId="fair")
second = rekognition.list_faces(CollectionId="fair", NextToken=first["NextToken"])
assert {face["FaceId"] for face in first["Faces"] + second["Faces"]} == set(ids.values()) and "NextToken" not in second
switch(page_size=4096, lag_ms=500)
late = rekognition.index_faces(CollectionId="fair", Image=picture("impostor_1"))["FaceRecords"][0]["Face"]["FaceId"]
assert late not in [face["FaceId"] for face in rekognition.list_faces(CollectionId="fair")["Faces"]]
time.sleep(0.6)
assert late in [face["FaceId"] for face in rekognition.list_faces(CollectionId="fair")["Faces"]]
switch(lag_ms=0)
told = rekognition.delete_faces(CollectionId="fair", FaceIds=[late, ids["person_b_1"]])
assert sorted(told["DeletedFaces"]) == sorted([late, ids["person_b_1"]]), told
told = rekognition.delete_faces(CollectionId="fair", FaceIds=[late])
assert "DeletedFaces" not in told and told["UnsuccessfulFaceDeletions"] == [{"FaceId": late, "Reasons": ["FACE_NOT_FOUND"]}], told

# Trouble.
switch(throttle_tps=2)
time.sleep(1.1)
for _ in range(2):
    rekognition.list_collections()
refused("ProvisionedThroughputExceededException", rekognition.list_collections)
switch(throttle_tps=0, fail_every=1)
refused("InternalServerError", rekognition.list_collections)
switch(fail_every=0, cut_every=1)
try:
    rekognition.list_collections()
    raise AssertionError("the connection was to be cut")
except ConnectionClosedError:
    pass
switch(cut_every=0, expired=True)
refused("ExpiredTokenException", rekognition.list_collections)
switch(expired=False, lose="fair")
refused("ResourceNotFoundException", lambda: rekognition.list_faces(CollectionId="fair"))

# All of that was as the model says; what is not is seen.
assert state()["violations"] == [], state()["violations"]
refused("InvalidParameterException", lambda: rekognition.create_collection(CollectionId="a b"))
refused("InvalidParameterException", lambda: rekognition.index_faces(CollectionId="fair", Image=picture("person_a_1"), QualityFilter="BEST"))
refused("InvalidParameterException", lambda: rekognition.search_faces_by_image(CollectionId="fair"))
assert len(state()["violations"]) == 3, state()["violations"]
print("as the service")
