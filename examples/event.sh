#!/usr/bin/env bash
# A whole event from a shell script: people, prices, guests, cards to print, the photographer's card, and what came of
# it. Run it again at any time: what is there already stays as it is.
#
#   ./event.sh GUESTS.csv CARD OUT
#
#   GUESTS.csv   the guests, with the columns name and email
#   CARD         the memory card, or a folder with pictures
#   OUT          where cards to print, rejected rows and reports go
#
# Where it goes to is what photoctl is configured for: DATABASE_URL and PHOTOCTL_STORAGE_URL, or with neither the
# embedded database in PHOTOCTL_HOME.
set -euo pipefail

guests=$1 card=$2 out=$3
event="Night Run"
operator=office@alpine.example
photographer=mara@alpine.example
mkdir -p "$out"

# Who, what, where. --if-not-exists: made once, and refused where it is there with other values.
photoctl operator create --name "Alpine Events" --email "$operator" --currency EUR --locale de-AT \
    --timezone Europe/Vienna --no-password --if-not-exists
photoctl photographer create --operator "$operator" --name "Mara Lindt" --email "$photographer" \
    --no-password --if-not-exists
photoctl package create --operator "$operator" --name "One photo" --price 3.90 --photo-count 1 --if-not-exists
photoctl package create --operator "$operator" --name "Ten photos" --price 19.90 --photo-count 10 --if-not-exists
photoctl project create --operator "$operator" --name "$event" --location Innsbruck \
    --start "2036-09-05 19:00" --end "2036-09-06 01:00" --timezone Europe/Vienna \
    --link https://alpine.example/night-run --photographer "$photographer" --if-not-exists
photoctl project packages add --project "$event" --package "One photo" --if-not-exists
photoctl project packages add --project "$event" --package "Ten photos" --if-not-exists
photoctl project settings set --project "$event" watermark "(c) {photographer}"

# Guests join; rows that can not be taken are put aside (exit code 3) and stop nothing.
photoctl user import --project "$event" "$guests" --rejects "$out/rejected.csv" || [ $? = 3 ]
photoctl qr issue --project "$event" --members
photoctl qr sheet --project "$event" --to "$out/cards.pdf"

# The card: again, from anywhere, it sends only what is missing.
photoctl photos upload --project "$event" --photographer "$photographer" --dir "$card" --report "$out/upload.jsonl"
photoctl photos verify --project "$event" --exit-code

# What came of it, and who did it.
photoctl project show "$event"
photoctl audit verify
