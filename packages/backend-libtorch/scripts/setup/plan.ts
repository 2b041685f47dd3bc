/**
 * What `setup:native` fetches: which wheels, and which files of them. The wheels are those of Python's package index, because
 * they are the only complete libtorch that is published for every platform; no Python is needed to use them.
 * libtorch_cpu of the Linux wheels is linked to CUDA's runtime and profiler libraries even where no GPU is ever used.
 */

export const DEFAULT_TORCH = "2.11.0";

export interface WantedWheel {
  readonly project: string;
  readonly version: string;
}

export interface Plan {
  readonly wheels: readonly WantedWheel[];
  /** Bytes on disk after unpacking, roughly; asked for before anything is fetched. */
  readonly unpackedBytes: number;
}

const CUDA_13: readonly WantedWheel[] = [
  { project: "nvidia-cuda-runtime", version: "13.0.96" },
  { project: "nvidia-cuda-cupti", version: "13.0.85" },
];
const CUDA_12: readonly WantedWheel[] = [
  { project: "nvidia-cuda-runtime-cu12", version: "12.8.90" },
  { project: "nvidia-cuda-cupti-cu12", version: "12.8.90" },
];
/** What libtorch_cuda of 2.11 is linked to besides, as its own metadata pins it, and the headers that CUDA 13 keeps apart. */
const CUDA_13_FOR_GPU: readonly WantedWheel[] = [
  { project: "nvidia-cuda-crt", version: "13.0.88" },
  { project: "nvidia-cublas", version: "13.1.0.3" },
  { project: "nvidia-cuda-nvrtc", version: "13.0.88" },
  { project: "nvidia-cudnn-cu13", version: "9.19.0.56" },
  { project: "nvidia-cufft", version: "12.0.0.61" },
  { project: "nvidia-cufile", version: "1.15.1.6" },
  { project: "nvidia-curand", version: "10.4.0.35" },
  { project: "nvidia-cusolver", version: "12.0.4.66" },
  { project: "nvidia-cusparse", version: "12.6.3.3" },
  { project: "nvidia-cusparselt-cu13", version: "0.8.0" },
  { project: "nvidia-nccl-cu13", version: "2.28.9" },
  { project: "nvidia-nvjitlink", version: "13.0.88" },
  { project: "nvidia-nvshmem-cu13", version: "3.4.5" },
  { project: "nvidia-nvtx", version: "13.0.85" },
];
/** By torch version and platform: the libraries that libtorch_cpu needs besides its own wheel. */
const COMPANIONS: Readonly<Record<string, Readonly<Record<string, readonly WantedWheel[]>>>> = {
  "2.11.0": { "linux-x64": CUDA_13, "linux-arm64": CUDA_13, "darwin-arm64": [] },
  "2.10.0": { "linux-x64": CUDA_12, "linux-arm64": [], "darwin-arm64": [] },
};
const WHEEL_PLATFORMS: Readonly<Record<string, RegExp>> = {
  "linux-x64": /linux.*_x86_64/,
  "linux-arm64": /linux.*_aarch64/,
  "darwin-arm64": /^macosx_\d+_\d+_arm64$/,
};

/** @throws RangeError for a version or platform that is not known, or a GPU where there is no CUDA */
export function makePlan(torch: string, platform: string, cuda: boolean): Plan {
  const platforms = COMPANIONS[torch];
  if (!platforms)
    throw new RangeError(
      `torch ${torch} is not known here; wanted one of ${Object.keys(COMPANIONS).join(", ")}`,
    );
  const companions = platforms[platform];
  if (!companions)
    throw new RangeError(
      `there is no torch wheel for ${platform}; known are ${Object.keys(platforms).join(", ")}. Build libtorch yourself and set LIBTORCH`,
    );
  if (cuda && companions !== CUDA_13)
    throw new RangeError(
      `--cuda is known for torch ${DEFAULT_TORCH} on Linux only; use pip install torch==${torch}`,
    );
  return {
    wheels: [{ project: "torch", version: torch }, ...companions, ...(cuda ? CUDA_13_FOR_GPU : [])],
    unpackedBytes: cuda ? 4.5e9 : 0.7e9,
  };
}

/** Whether a file of the index is the wheel wanted. torch is there once for every Python; its libtorch is the same in all. */
export function fitsWheel(filename: string, wanted: WantedWheel, platform: string): boolean {
  const [name = "", version, , , tag] = filename.endsWith(".whl") ? filename.slice(0, -4).split("-") : [];
  return (
    name.toLowerCase().replaceAll("_", "-") === wanted.project &&
    version === wanted.version &&
    tag !== undefined &&
    WHEEL_PLATFORMS[platform]?.test(tag) === true
  );
}

/** Libraries of the torch wheel that only Python, or only a GPU, needs. */
const FOR_PYTHON = /lib(torch_python|shm)\b/;
const FOR_GPU = /lib(torch_cuda\w*|c10_cuda|caffe2_nvrtc|torch_nvshmem)\./;

/** Whether an entry of a wheel is unpacked: headers, libraries, what says the version, licences. */
export function isKept(path: string, cuda: boolean): boolean {
  if (path.endsWith("/")) return false;
  if (/^[^/]+\.dist-info\/(licenses\/|LICEN|License|NOTICE)/.test(path)) return true;
  if (path === "torch/version.py" || /^torch\/(include|share\/cmake)\//.test(path)) return true;
  if (/^torch\/lib\/[^/]+$/.test(path))
    return /\.(so|dylib)(\.|$)/.test(path) && !FOR_PYTHON.test(path) && (cuda || !FOR_GPU.test(path));
  if (/^torch\.libs\//.test(path)) return true;
  // The module for CUDA graphs is built with the runtime's headers.
  if (cuda && /^nvidia\/cu13\/include\//.test(path)) return true;
  return /^nvidia\/.+\/lib\/[^/]+\.so[.\d]*$/.test(path);
}
