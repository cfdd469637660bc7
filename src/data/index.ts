/** Reading and writing of data: `boltzkit/data`. */
export { type BagOfWords, type BagOfWordsOptions, bagOfWords } from './bag-of-words.js';
export { type CsvOptions, type CsvTable, type CsvTypes, readCsv, readCsvBatches } from './csv.js';
export { type IdxData, readIdx } from './idx.js';
export { type LabelledImages, loadMnist, type Mnist, type MnistOptions } from './mnist.js';
export type { NdArray } from './ndarray.js';
export { readNpy, writeNpy } from './npy.js';
export { type NpzOptions, readNpz } from './npz.js';
export type { BitRowsInput, DenseRowsInput, NumericArray, RowsInput, SparseRowsInput } from './rows-input.js';
