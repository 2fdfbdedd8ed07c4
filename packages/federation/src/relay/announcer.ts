import type { Clock } from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import type { NodeId } from '../peer/node-id.ts';
import type { PathList } from '../peer/path-list.ts';
import type { Peer, PeerBook } from '../peer/peer-book.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import { CALLS_AT_ONCE } from './limits.ts';

export interface Message {
  readonly target: string;
  readonly mediaType: string;
  readonly body: Uint8Array;
  /** Nodes that it has come through, without this one. */
  readonly path: PathList;
  /** Nodes that know it already. */
  readonly except?: ReadonlySet<NodeId>;
  /** Also to peers that are put aside: who shows a second history is one of them. */
  readonly isUrgent?: boolean;
}

export interface AnnouncerParts {
  readonly book: PeerBook;
  readonly caller: PeerCaller;
  readonly clock: Clock;
  readonly ownId: NodeId;
  readonly hopsMax: number;
}

/** Tells all peers something, but those on its path. */
export class Announcer {
  readonly #parts: AnnouncerParts;
  /** Calls made, for the status. */
  sent = 0;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** Ids of the peers who took it. A peer that cannot be reached is put aside for a while. */
  async tell(message: Message): Promise<NodeId[]> {
    const { book, clock, ownId, hopsMax } = this.#parts;
    const path = [...message.path, ownId];
    if (path.length > hopsMax) return [];
    const peers = message.isUrgent === true ? book.all() : book.usable(clock.nowMs());
    const open = peers.filter(({ hello }) => {
      const id = hello?.id;
      return id === undefined || !(path.includes(id) || message.except?.has(id) === true);
    });
    const told: NodeId[] = [];
    const next = open.values();
    const worker = async (): Promise<void> => {
      for (const peer of next) {
        if ((await this.#call(peer, message, path)) && peer.hello) told.push(peer.hello.id);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, open.length) }, worker));
    return told;
  }

  async #call(peer: Peer, message: Message, path: PathList): Promise<boolean> {
    const { book, caller, clock } = this.#parts;
    const { target, mediaType, body } = message;
    this.sent++;
    try {
      const { status } = await caller.send({
        url: peer.url,
        method: 'POST',
        target,
        mediaType,
        body,
        path,
      });
      // A refusal is the peer's right; its next reads work all the same.
      return status < 300;
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      book.failed(peer.url, error.message, clock.nowMs());
      return false;
    }
  }
}
