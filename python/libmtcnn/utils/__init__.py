"""Names under which programs written for ipazc's mtcnn look for what they use."""
