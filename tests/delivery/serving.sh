# Sourced: waits for examples/search at $1 and checks that it answers. The server's process is $2.

check_search() {
    url=$1
    process=$2
    tries=0
    until answer=$(curl --silent --fail --max-time 5 "$url/search?q=python&limit=3"); do
        tries=$((tries + 1))
        if [ "$tries" -ge 150 ] || ! kill -0 "$process" 2>/dev/null; then
            echo "error: no answer from $url/search" >&2
            return 1
        fi
        sleep 0.2
    done
    case "$answer" in
        *'"results":[{'*|*'"hits":[{'*|*'"items":[{'*) echo "ok: $(printf '%.120s' "$answer")..." ;;
        *) echo "error: not a search result: $answer" >&2; return 1 ;;
    esac
}
