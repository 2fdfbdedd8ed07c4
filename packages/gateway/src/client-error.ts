import type { Socket } from 'node:net';
import { GATEWAY_STATUS, type GatewayErrorCode } from './errors.ts';
import { encodeProblem, PROBLEM_MEDIA_TYPE } from './http/problem.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

const CODES: Readonly<Record<string, readonly [GatewayErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'expected shorter request headers'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'expected shorter chunk extensions'],
  ERR_HTTP_REQUEST_TIMEOUT: ['timeout', 'the request did not arrive in time'],
};

/** Answers what Node's parser refused, on the bare socket, and closes it. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // A response that has begun owns the socket: a second status line would be read as its body.
  const begun = (socket as { _httpMessage?: { headersSent?: boolean } })._httpMessage?.headersSent;
  if (!socket.writable || error.code === 'ECONNRESET' || begun === true) {
    socket.destroy();
    return;
  }
  const [code, detail] = CODES[error.code ?? ''] ?? ['bad-request', 'expected HTTP/1.1'];
  const status = GATEWAY_STATUS[code];
  const body = encodeProblem({
    status,
    code,
    title: REASONS[status] ?? 'Bad Request',
    detail,
    metadata: {},
    fields: [],
  });
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}\r\n` +
      `Content-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
