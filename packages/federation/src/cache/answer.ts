import { problem } from './problem.ts';
import { type Field, fieldOf, strongTag } from './stored.ts';
import type { RequestFields } from './vary.ts';

export interface CacheAnswer {
  readonly status: number;
  /** With `content-length` where the answer has one. */
  readonly fields: readonly Field[];
  /** Empty for HEAD and 304. */
  readonly body: Uint8Array;
}

export interface WholeAnswer {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const SINGLE = /^bytes=[ \t]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]*$/i;

/** Fields of a 304 (RFC 9110 section 15.4.5) and of what belongs to the message. */
const KEPT = new Set(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary']);

/**
 * What a client gets of a whole 200: preconditions first, then the range (RFC 9110 sections 13.2.2
 * and 14). Other statuses go out as they are.
 *
 * @param extra fields of this message: Age, Cache-Status
 */
export function answerFrom(
  whole: WholeAnswer,
  method: 'GET' | 'HEAD',
  field: RequestFields,
  extra: readonly Field[],
): CacheAnswer {
  const { status, fields, body } = whole;
  if (status !== 200) return message(status, fields, body, method, extra);
  const tag = strongTag(fields);
  const ifMatch = field('if-match');
  if (ifMatch !== undefined && !listHas(ifMatch, tag, true)) {
    const words = 'expected If-Match to name the current form';
    return refused(
      problem(412, 'precondition-failed', words, [...tagOf(fields), ...extra]),
      method,
    );
  }
  const ifNoneMatch = field('if-none-match');
  if (ifNoneMatch !== undefined && listHas(ifNoneMatch, tag, false)) {
    return { status: 304, fields: [...kept(fields), ...extra], body: EMPTY };
  }
  const part = method === 'GET' ? rangeOf(field, fields, tag, body.length) : 'whole';
  if (part === 'whole') return message(200, fields, body, method, extra);
  if (part === 'unsatisfiable') {
    const told: Field[] = [['content-range', `bytes */${body.length}`], ...tagOf(fields), ...extra];
    const words = `expected a range within ${body.length} bytes`;
    return problem(416, 'range-not-satisfiable', words, told);
  }
  const [start, end] = part;
  const told: Field = ['content-range', `bytes ${start}-${end - 1}/${body.length}`];
  return message(206, [...fields, told], body.subarray(start, end), method, extra);
}

function message(
  status: number,
  fields: readonly Field[],
  body: Uint8Array,
  method: 'GET' | 'HEAD',
  extra: readonly Field[],
): CacheAnswer {
  const length: Field = ['content-length', String(body.length)];
  return {
    status,
    fields: [...fields, ...extra, length],
    body: method === 'HEAD' ? EMPTY : body,
  };
}

function refused(answer: CacheAnswer, method: 'GET' | 'HEAD'): CacheAnswer {
  return method === 'HEAD' ? { ...answer, body: EMPTY } : answer;
}

/** Of what is here: who was refused may go on with it. */
function tagOf(fields: readonly Field[]): Field[] {
  return fields.filter(([name]) => name === 'etag');
}

function kept(fields: readonly Field[]): Field[] {
  return fields.filter(([name]) => KEPT.has(name) || name.startsWith('access-control-'));
}

/** Whether an If-Match (strong) or If-None-Match (weak comparison) list names the tag. */
function listHas(value: string, tag: string | undefined, isStrong: boolean): boolean {
  if (value.trim() === '*') return true;
  if (tag === undefined) return false;
  const found = value.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g);
  return [...found].some(([, weak, opaque]) => opaque === tag && !(isStrong && weak !== undefined));
}

/** Bytes are those of the form that is sent, so a range of a coded form is one of its coding. */
function rangeOf(
  field: RequestFields,
  fields: readonly Field[],
  tag: string | undefined,
  length: number,
): 'whole' | 'unsatisfiable' | readonly [start: number, end: number] {
  const found = SINGLE.exec(field('range') ?? '');
  // A resource without ranges at its origin has none here: clients see one behaviour.
  if (found === null || fieldOf(fields, 'accept-ranges') !== 'bytes') return 'whole';
  const ifRange = field('if-range');
  if (ifRange !== undefined && ifRange.trim() !== tag) return 'whole';
  const [, first = '', last = '', suffix] = found;
  if (suffix !== undefined) {
    const wanted = Number(suffix);
    if (wanted === 0 || length === 0) return 'unsatisfiable';
    return [Math.max(0, length - wanted), length];
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= length) return 'unsatisfiable';
  return [start, last === '' ? length : Math.min(length, Number(last) + 1)];
}
