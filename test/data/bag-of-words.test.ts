import { describe, expect, it } from 'vitest';
import { bagOfWords } from '../../src/data/index.js';

const texts = ["The cat's cat sat.", '…', 'A CAT and a dog; the dog', 'Über-große Äpfel, 3 Äpfel!'];

describe('bagOfWords', () => {
  it('counts words, those in most texts first', () => {
    const { vocabulary, counts, texts: rows } = bagOfWords(texts);
    expect(vocabulary).toEqual(['cat', 'the', 'a', 'and', "cat's", 'dog', 'sat', 'äpfel', 'über-große']);
    expect([...rows]).toEqual([0, 2, 3]);
    expect(counts.shape).toEqual([3, 9]);
    expect([...counts.indptr]).toEqual([0, 4, 9, 11]);
    expect([...counts.indices]).toEqual([0, 1, 4, 6, 0, 1, 2, 3, 5, 7, 8]);
    expect([...counts.values]).toEqual([1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1]);
  });

  it('leaves out rare words and stop words', () => {
    const { vocabulary, texts: rows } = bagOfWords(texts, { minimum: 2, stopWords: ['the'] });
    expect(vocabulary).toEqual(['cat']);
    expect([...rows]).toEqual([0, 2]);
  });

  it('counts the words of a vocabulary in its order', () => {
    const { vocabulary, counts } = bagOfWords(['dog cat fish'], { vocabulary: ['owl', 'dog', 'cat'] });
    expect(vocabulary).toEqual(['owl', 'dog', 'cat']);
    expect([...counts.indices]).toEqual([1, 2]);
    expect(counts.shape).toEqual([1, 3]);
  });

  it('says what is wrong', () => {
    expect(() => bagOfWords('one text' as never)).toThrow(/`texts` must be a list of strings, got "one text"/);
    expect(() => bagOfWords(['a', 3] as never)).toThrow(/`texts\[1\]` must be a string, got 3/);
    expect(() => bagOfWords(['a'], { minimum: 0 })).toThrow(/`minimum` must be a whole number of at least 1, got 0/);
    expect(() => bagOfWords(['a'], { minimum: 2 })).toThrow(/no word of the texts is left/);
    expect(() => bagOfWords(['a'], { stopWord: [] } as never)).toThrow(/no option `stopWord` \(did you mean 'stopWords'\?\)/);
  });
});
