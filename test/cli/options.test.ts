import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { device, factor, imageShape, integer, learningRate, number, oneOf, seed } from '../../src/cli/options.js';
import { rateText } from '../../src/runs/settings.js';

const refused = (parse: (text: string) => unknown, ...texts: string[]) => {
  for (const text of texts) expect(() => parse(text), JSON.stringify(text)).toThrow(InvalidArgumentError);
};

describe('option parsers', () => {
  it('reads whole numbers and refuses everything else', () => {
    expect(integer(1)('500')).toBe(500);
    expect(integer(0)('0')).toBe(0);
    expect(integer(1)('1e3')).toBe(1000);
    refused(integer(1), '', ' ', '0', '-1', '1.5', 'abc', '5x', '0x10', 'NaN', 'Infinity', '2147483648', '1e400', '--epochs');
  });

  it('reads numbers within bounds', () => {
    expect(number(0, 1)('0.25')).toBe(0.25);
    expect(number(0, 1)('.5')).toBe(0.5);
    expect(number(0, Number.MAX_VALUE, true)('1e-300')).toBe(1e-300);
    refused(number(0, 1), '1.01', '-0.1', 'NaN', 'Infinity', '', '1,5');
    refused(number(0, Number.MAX_VALUE, true), '0', '1e999');
  });

  it('reads factors, as fractions too', () => {
    expect(factor('0.5')).toBe(0.5);
    expect(factor('1/255')).toBe(1 / 255);
    expect(factor('2.5e-1/.5')).toBe(0.5);
    refused(factor, '0', '-1', '1/0', '0/1', '1/-2', '1/2/3', '/', '1/', '/2', 'x', '', '1e999', '1 / x');
  });

  it('reads seeds beyond 2^53 without rounding', () => {
    expect(seed('18446744073709551615')).toBe(2n ** 64n - 1n);
    refused(seed, '18446744073709551616', '-1', '1.0', '1e3', '', '99999999999999999999999');
  });

  it('reads devices', () => {
    expect(['auto', 'cpu', 'reference', 'cuda', 'cuda:3'].map(device)).toEqual(['auto', 'cpu', 'reference', 'cuda:0', 'cuda:3']);
    refused(device, '', 'CUDA', 'gpu', 'cuda:', 'cuda:01', 'cuda:-1', 'cuda:1.5', 'cuda:x', ' cpu');
    expect(() => device('refrence')).toThrow("with a whole number N (did you mean 'reference'?).");
  });

  it('names the choices', () => {
    expect(oneOf('pcd', 'cd')('cd')).toBe('cd');
    expect(() => oneOf('pcd', 'cd')('CD')).toThrow('pcd, cd');
  });

  it('reads picture shapes', () => {
    expect(imageShape('28x20')).toEqual({ height: 28, width: 20 });
    refused(imageShape, '28', '28x', 'x28', '0x28', '28x0', '28x28x1', '-1x5', '1e3x2');
  });

  it('reads learning rates', () => {
    expect(learningRate('0.05')).toBe(0.05);
    expect(learningRate('linear:0.05')).toEqual({ schedule: 'linear', from: 0.05, to: 0, hold: 0 });
    expect(learningRate('cosine:0.05:0.001:0.5')).toEqual({ schedule: 'cosine', from: 0.05, to: 0.001, hold: 0.5 });
    refused(
      learningRate,
      '0',
      '-1',
      'NaN',
      '',
      'linear',
      'linear:',
      'linear:0',
      'linear:1:-1',
      'linear:1:0:2',
      'linear:1:0:0:0',
      'update:0.1',
      '0.1:0.2',
    );
  });

  it('prints a learning rate as it can be typed again', () => {
    for (const text of ['0.05', 'linear:0.05:0:0.5', 'cosine:0.1:0.001:0']) expect(rateText(learningRate(text))).toBe(text);
  });
});
