/* Runs a program and says what it took, in one line on descriptor 3: nanoseconds of wall clock, microseconds of CPU
 * (user and system), KiB of memory at the peak, exit code. A small program of its own, since Linux counts the memory of
 * the process that forked to that of the one that it became.
 *
 *   measure PROGRAM ARGUMENT... */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  struct timespec begin, end;
  struct rusage took;
  int status;
  if (count < 2) return 64;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  pid_t child = vfork();
  if (child == 0) {
    close(3);
    execvp(words[1], words + 1);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &took) != child) return 71;
  clock_gettime(CLOCK_MONOTONIC, &end);
  dprintf(3, "%lld %lld %ld %d\n", (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec,
          (long long)(took.ru_utime.tv_sec + took.ru_stime.tv_sec) * 1000000 + took.ru_utime.tv_usec + took.ru_stime.tv_usec,
          took.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
