#!/bin/sh
# `menshen` of this machine, with the places and as the user of its services.
MENSHEN_HOME="${MENSHEN_HOME-/var/lib/menshen}"
MENSHEN_MODELS="${MENSHEN_MODELS-/var/lib/menshen/models}"
MENSHEN_SITE="${MENSHEN_SITE-/etc/menshen/site.toml}"
export MENSHEN_HOME MENSHEN_MODELS MENSHEN_SITE
if [ -z "${MENSHEN_DATABASE-}" ] && [ -r /etc/menshen/central.env ]; then
    MENSHEN_DATABASE=$(sed -n "s/^MENSHEN_DATABASE=//p" /etc/menshen/central.env | tail -n 1 | tr -d "\"'")
    [ -z "$MENSHEN_DATABASE" ] || export MENSHEN_DATABASE
fi
program=/opt/menshen/current/bin/menshen
# Installing and the site file need root; whatever else it does must leave files that services read.
case "$(id -u) ${1-}" in
    "0 bundle" | "0 config") exec "$program" "$@" ;;
    "0 "*) exec runuser -u menshen -- "$program" "$@" ;;
    *) exec "$program" "$@" ;;
esac
