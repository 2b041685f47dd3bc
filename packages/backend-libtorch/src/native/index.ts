/** What the apps ask about the native part before, or instead of, opening it. */
export { cacheFolder } from "./cache-folder.ts";
export { describeNative, type NativeReport } from "./describe-native.ts";
export { describeProcessor } from "./describe-processor.ts";
export { neutralFolder } from "./neutral-folder.ts";
