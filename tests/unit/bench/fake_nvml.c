/* Two GPUs' counters, for a machine without any: the second grows by 1 J at each reading. */
static unsigned long long second = 5000;
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int* n) {
  *n = 2;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void** device) {
  *device = (void*)(unsigned long)(i + 1);
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  if ((unsigned long)device == 1)
    *millijoules = 2500;
  else
    *millijoules = (second += 1000);
  return 0;
}
