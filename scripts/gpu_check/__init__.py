"""The parts of scripts/gpu_check.sh that run where the GPU is."""
