/** Who is woken finds what to do: every alert has severity, words, and a section that is there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertNames, RULES } from './helpers/prometheus.ts';
import { REPOSITORY } from './helpers/run-cli.ts';

const read = (...path: string[]): string => readFileSync(join(REPOSITORY, ...path), 'utf8');
const rules = readFileSync(RULES, 'utf8');
const document = read('docs', 'operations.md');

const ruleOf = (name: string): string => {
  const [, rest = ''] = rules.split(`- alert: ${name}\n`);
  return rest.split(/\n {6}- alert:|\n {2}- name:/)[0] ?? '';
};

const sectionOf = (name: string): string =>
  (document.split(`\n### ${name}\n`)[1] ?? '').split(/\n##/)[0] ?? '';

test('every alert says how urgent it is, how long it waits, what to do, where it is told', () => {
  assert.ok(alertNames().length > 15);
  for (const name of alertNames()) {
    const rule = ruleOf(name);
    const severity = /severity: (page|ticket)/.exec(rule)?.[1];
    assert.ok(severity !== undefined, `${name}: severity`);
    assert.match(rule, /\n {8}for: \d+[smh]\n/, `${name}: for`);
    assert.match(rule, /summary: '.+'\n/, `${name}: summary`);
    assert.match(rule, /description: >-\n {12}\S/, `${name}: description`);
    assert.ok(rule.includes(`runbook: docs/operations.md#${name.toLowerCase()}`), name);
    const section = sectionOf(name);
    assert.ok(section.length > 100, `${name}: docs/operations.md has no section`);
    const word = severity === 'page' ? '*Page.*' : '*Ticket.*';
    assert.ok(section.trim().startsWith(word), `${name}: the section says ${word}`);
  }
  assert.equal(sectionOf('BasaltNoSuchAlert'), '');
});

test('no section without its alert', () => {
  const sections = [...document.matchAll(/^### (Basalt\w+)$/gm)].map(([, name]) => name ?? '');
  assert.deepEqual(new Set(sections), new Set(alertNames()));
});

test('files that the document names are there', () => {
  const named = [...document.matchAll(/`?((?:ops|docs)\/[\w./-]+\w)/g)].map(
    ([, path]) => path ?? '',
  );
  assert.ok(named.length > 5);
  for (const path of named) assert.ok(existsSync(join(REPOSITORY, path)), path);
});
