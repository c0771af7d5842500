"""Pure helpers: formatted printing, the strings and memory of libkern."""
