// What a plug-in for CUDA devices has to offer, in plain C. It is a shared library of its own, loaded
// only when somebody asks for a GPU; the addon itself knows no header and no library of CUDA.
//
// The library exports one function, `boltzkit_cuda`, which gives this table. No exception crosses it:
// functions return a status and say why in a text. They may be called on any thread.
#ifndef BOLTZKIT_CUDA_ABI_H
#define BOLTZKIT_CUDA_ABI_H

#include <stddef.h>
#include <stdint.h>

// Another number wherever a function, a struct or the meaning of one changes. What kernels are called
// with is checked apart, by `layout`.
#define BOLTZKIT_CUDA_ABI 2u
#define BOLTZKIT_CUDA_ENTRY "boltzkit_cuda"
#define BOLTZKIT_CUDA_WHY 512u

#ifdef __cplusplus
extern "C" {
#endif

enum BoltzkitCudaStatus {
  BOLTZKIT_CUDA_OK = 0,
  BOLTZKIT_CUDA_FAILED,  // the device, or work on it
  BOLTZKIT_CUDA_NO_MEMORY,
  BOLTZKIT_CUDA_DRIVER_MISSING,
  BOLTZKIT_CUDA_DRIVER_TOO_OLD,
  BOLTZKIT_CUDA_NO_DEVICE,
  BOLTZKIT_CUDA_ARCH_UNSUPPORTED,  // no kernel of this library runs on the device
};

struct BoltzkitCudaDevice {
  char name[256];
  int32_t major, minor;   // compute capability
  uint64_t memory, free;  // bytes
};

// One call of a kernel: `call` is the struct of that number in cuda/calls.hpp, `work` what it is to do.
struct BoltzkitCudaLaunch {
  uint32_t number;
  uint64_t work;
  const void* call;
};

// `why` has room for BOLTZKIT_CUDA_WHY characters, of which a failure writes a text that ends with 0.
// A context is a device and a stream on it: what is asked of one context happens in the order asked.
// Memory is that of the device unless said otherwise.
struct BoltzkitCuda {
  uint32_t abi;     // BOLTZKIT_CUDA_ABI; first in every version
  uint32_t calls;   // kinds of kernels that `launch` knows
  uint64_t layout;  // a digest of their sizes; see cuda/calls.hpp

  // Devices there are; a failure says why there are none.
  int (*devices)(int32_t* count, char* why);
  int (*describe)(int32_t device, struct BoltzkitCudaDevice* out, char* why);

  int (*open)(int32_t device, void** context, char* why);
  void (*close)(void* context);

  int (*allocate)(void* context, uint64_t bytes, void** memory, char* why);
  void (*release)(void* context, void* memory);
  int (*zero)(void* context, void* memory, uint64_t bytes, char* why);
  // These two return when the host's memory, which is not pinned, was read or written.
  int (*copyIn)(void* context, const void* from, uint64_t bytes, void* to, char* why);
  int (*copyOut)(void* context, const void* from, uint64_t bytes, void* to, char* why);

  // Calls kernels, one after the other. Those that come again, in the same order and with the same
  // amounts of work, cost one launch together.
  int (*launch)(void* context, const struct BoltzkitCudaLaunch* launches, uint64_t count, char* why);

  // A stage is host memory that the device copies from by itself, and memory of the device that it
  // copies to, beside the work of the context. `fill` waits until the last copy was made, then the host
  // may write `host`. After `send` the context's work finds the bytes in `memory`, until the next `send`.
  int (*openStage)(void* context, uint64_t bytes, void** stage, void** host, void** memory, char* why);
  int (*fill)(void* stage, char* why);
  int (*send)(void* stage, uint64_t bytes, char* why);
  void (*closeStage)(void* stage);
};

typedef const struct BoltzkitCuda* (*BoltzkitCudaEntry)(void);
const struct BoltzkitCuda* boltzkit_cuda(void);

#ifdef __cplusplus
}
#endif

#endif  // BOLTZKIT_CUDA_ABI_H
