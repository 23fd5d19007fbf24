#!/usr/bin/python3
"""A TCP relay that goes wrong when it is told to: it stands between any two processes.

    relay.py [--seed N]          prints "control on 127.0.0.1:PORT"

Control: JSON objects, one a line, each answered by one: {"ok": true, …} or {"ok": false, "error"}.

| do        | fields                       | then                                                          |
|-----------|------------------------------|---------------------------------------------------------------|
| listen    | link, target "HOST:PORT"     | a new link; answers with its `port`                           |
| cut       | link, how rst/fin, share     | so many of its connections end; answers `cut`: how many       |
| refuse    | link, ms                     | all its connections end, and new ones at once, for so long    |
| stall     | link, ms                     | nothing is read or written on it for so long; nothing is lost |
| delay     | link, ms                     | each piece waits so long before it goes on; 0: no longer      |
| half_open | link, ms                     | its connections swallow all in silence; after `ms` a reset    |
| calm      |                              | everything of this ends                                       |
| links     |                              | `links`: connections open and bytes carried, by link          |

`share` of the connections is chosen by the seed. A link buffers at most PIECE bytes a direction, and
what asyncio reads ahead (twice that): what cannot go on holds up its sender, as a full network would.
"""
import argparse
import asyncio
import json
import random
import socket
import struct

PIECE = 64 * 1024
LINKS_MAX = 64
CONNECTIONS_MAX = 1024  # of one link; more are reset
CONTROL_LINE_MAX = 4096
CONNECT_MAX_S = 5.0
FAULT_MS_MAX = 600_000
RESET = struct.pack("ii", 1, 0)  # SO_LINGER without time: close() sends RST


def reset(writer):
    sock = writer.get_extra_info("socket")
    try:
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    except OSError:
        pass  # it is closed already
    writer.transport.abort()


class Connection:
    def __init__(self, link, ends):
        self.link = link
        self.ends = ends  # two writers
        self.swallows = False

    def cut(self, how):
        for writer in self.ends:
            if how == "rst":
                reset(writer)
            else:
                writer.close()

    async def pump(self, reader, writer):
        """One direction, until it ends."""
        while data := await reader.read(PIECE):
            await self.link.flowing.wait()
            if self.link.delay_s:
                await asyncio.sleep(self.link.delay_s)
            if self.swallows:
                continue
            self.link.carried += len(data)
            writer.write(data)
            await writer.drain()
        await self.link.flowing.wait()
        if not self.swallows and writer.can_write_eof():
            writer.write_eof()


class Link:
    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.connections = []
        self.carried = 0
        self.delay_s = 0.0
        self.refuses = False
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.server = None
        self._timers = {}

    async def listen(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE)
        return self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        if self.refuses or len(self.connections) >= CONNECTIONS_MAX:
            return reset(writer)
        try:
            far_reader, far_writer = await asyncio.wait_for(
                asyncio.open_connection(*self.target, limit=PIECE), CONNECT_MAX_S)
        except (OSError, asyncio.TimeoutError):
            return reset(writer)
        if self.refuses:
            reset(far_writer)
            return reset(writer)
        connection = Connection(self, (writer, far_writer))
        for end in connection.ends:
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.append(connection)
        pumps = [asyncio.ensure_future(connection.pump(reader, far_writer)),
                 asyncio.ensure_future(connection.pump(far_reader, writer))]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
            # An end that vanished by a reset is told to the other as what it was.
            if any(pump.exception() for pump in done):
                connection.cut("rst")
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.connections.remove(connection)
            for end in connection.ends:
                end.close()

    # --- faults ----------------------------------------------------------------------------------

    def cut(self, how, share, chance):
        victims = [one for one in self.connections if chance.random() < share]
        for connection in victims:
            connection.cut(how)
        return len(victims)

    def refuse(self, ms):
        self.refuses = True
        for connection in self.connections:
            connection.cut("rst")
        self._after("refuse", ms, self._accept_again)

    def _accept_again(self):
        self.refuses = False

    def stall(self, ms):
        self.flowing.clear()
        self._after("stall", ms, self.flowing.set)

    def half_open(self, ms):
        victims = list(self.connections)
        for connection in victims:
            connection.swallows = True

        def end():
            for connection in victims:
                connection.cut("rst")
        self._after("half_open", ms, end)
        return len(victims)

    def calm(self):
        self.delay_s = 0.0
        for timer, then in list(self._timers.values()):
            timer.cancel()
            then()
        self._timers.clear()

    def _after(self, what, ms, then):
        """A fault that is told again while it lasts, lasts longer."""
        if what in self._timers:
            timer, before = self._timers.pop(what)
            timer.cancel()
            if what == "half_open":
                before()

        def over():
            self._timers.pop(what, None)
            then()
        timer = asyncio.get_running_loop().call_later(ms / 1000, over)
        self._timers[what] = (timer, then)


class Relay:
    def __init__(self, seed):
        self._links = {}
        self._chance = random.Random(seed)

    async def control(self, reader, writer):
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # gone, or a line that is too long
        finally:
            writer.close()

    async def _answer(self, line):
        try:
            return {"ok": True, **await self._do(json.loads(line))}
        except (KeyError, ValueError, TypeError, OSError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}

    async def _do(self, told):
        what = told["do"]
        if what == "listen":
            if told["link"] in self._links or len(self._links) == LINKS_MAX:
                raise ValueError(f"link {told['link']} is there already, or there are too many")
            link = Link(told["target"])
            port = await link.listen()
            self._links[told["link"]] = link
            return {"port": port}
        if what == "calm":
            for link in self._links.values():
                link.calm()
            return {}
        if what == "links":
            return {"links": {name: {"open": len(link.connections), "carried": link.carried}
                              for name, link in self._links.items()}}
        link = self._links[told["link"]]
        if what == "cut":
            if told["how"] not in ("rst", "fin"):
                raise ValueError("how: rst or fin")
            return {"cut": link.cut(told["how"], float(told.get("share", 1.0)), self._chance)}
        ms = float(told["ms"])
        if not 0 <= ms <= FAULT_MS_MAX:
            raise ValueError(f"ms: 0 to {FAULT_MS_MAX}")
        if what == "delay":
            link.delay_s = ms / 1000
        elif what == "refuse":
            link.refuse(ms)
        elif what == "stall":
            link.stall(ms)
        elif what == "half_open":
            return {"cut": link.half_open(ms)}
        else:
            raise ValueError(f"do: {what} is not known")
        return {}


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    relay = Relay(parser.parse_args().seed)
    server = await asyncio.start_server(relay.control, "127.0.0.1", 0, limit=CONTROL_LINE_MAX)
    print("control on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
