"""The echo server a Python user would start from: FastAPI, uvicorn on uvloop, one task per call that paces its sends.

Usage: fastapi_echo.py websockets|wsproto. Obeys JSON lines on standard input, as the other servers of the bench do.
"""

import asyncio
import audioop  # In the standard library up to Python 3.12; `audioop-lts` after that.
import base64
import collections
import json
import resource
import socket
import sys
import threading
import time

import fastapi
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

FRAME_SECONDS = 0.02
QUEUE_FRAMES = 50
# After a longer stall the schedule begins anew.
CATCH_UP_SECONDS = 0.5

app = FastAPI()
lateness: collections.deque[float] = collections.deque(maxlen=20_000)


@app.websocket("/ws")
async def media_stream(websocket: WebSocket) -> None:
    await websocket.accept()
    queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_FRAMES)
    sender = None
    up_state = None
    try:
        async for text in websocket.iter_text():
            message = json.loads(text)
            event = message["event"]
            if event == "media":
                pcm = audioop.ulaw2lin(base64.b64decode(message["media"]["payload"]), 2)
                pcm, up_state = audioop.ratecv(pcm, 2, 1, 8000, 16000, up_state)
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(pcm)
            elif event == "start":
                sender = asyncio.create_task(send_paced(websocket, message["start"]["streamSid"], queue))
            elif event == "dtmf":
                while not queue.empty():
                    queue.get_nowait()
                await websocket.send_text(json.dumps({"event": "clear", "streamSid": message["streamSid"]}))
            elif event == "stop":
                break
    except WebSocketDisconnect:
        pass
    finally:
        if sender is not None:
            sender.cancel()


async def send_paced(websocket: WebSocket, stream_sid: str, queue: "asyncio.Queue[bytes]") -> None:
    """Sends a frame, then sleeps up to when the next is due: by the clock, so that what is late is made up for."""
    down_state = None
    due = time.monotonic()
    while True:
        pcm = await queue.get()
        pcm, down_state = audioop.ratecv(pcm, 2, 1, 16000, 8000, down_state)
        payload = base64.b64encode(audioop.lin2ulaw(pcm, 2)).decode("ascii")
        await websocket.send_text(
            json.dumps({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})
        )
        now = time.monotonic()
        due = max(due + FRAME_SECONDS, now - CATCH_UP_SECONDS)
        if due > now:
            await asyncio.sleep(due - now)
            lateness.append(max(0.0, time.monotonic() - due))


def figures() -> dict:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    answer = {
        "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
        "rssBytes": pages * resource.getpagesize(),
    }
    late = sorted(lateness)
    if late:
        answer["latenessMs"] = {
            "count": len(late),
            "p50": 1000 * late[len(late) // 2],
            "p99": 1000 * late[min(len(late) - 1, len(late) * 99 // 100)],
            "p999": 1000 * late[min(len(late) - 1, len(late) * 999 // 1000)],
        }
    return answer


def obey(server: uvicorn.Server, port: int) -> None:
    versions = {
        "python": sys.version.split()[0],
        "fastapi": fastapi.__version__,
        "uvicorn": uvicorn.__version__,
        "uvloop": uvloop.__version__,
    }
    while not server.started:
        time.sleep(0.01)
    print(json.dumps({"port": port, "versions": versions}), flush=True)
    for line in sys.stdin:
        if json.loads(line)["do"] == "reset":
            lateness.clear()
        print(json.dumps(figures()), flush=True)
    server.should_exit = True
    server.force_exit = True


def main() -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        ws=sys.argv[1],
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
        backlog=2048,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=obey, args=(server, listener.getsockname()[1]), daemon=True).start()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
