/* The floor: the least that a program can do to submit one mail in the clear. It pipelines, writes each flight at once,
 * waits for nothing that it need not wait for, and checks nothing but the reply codes. compare measures against it.
 *
 *   floor HOST PORT REVERSE-PATH RECIPIENT FILE     FILE: the message as it goes over the wire, without the final dot */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int wire;

static void die(const char *what) {
  fprintf(stderr, "floor: %s\n", what);
  exit(1);
}

static void put(const char *octets, size_t length) {
  while (length > 0) {
    ssize_t written = write(wire, octets, length);
    if (written <= 0) die("cannot write");
    octets += written;
    length -= (size_t)written;
  }
}

/* Reads one reply and wants it to begin with this digit. */
static void want(char digit) {
  static char heard[65536];
  static size_t length, at;
  for (;;) {
    char *line = heard + at, *end = memchr(line, '\n', length - at);
    if (end) {
      at = (size_t)(end + 1 - heard);
      if (line[0] != digit) die("another reply than the one that was hoped for");
      if (line[3] != '-') return;
      continue;
    }
    memmove(heard, line, length -= at);
    at = 0;
    ssize_t got = read(wire, heard + length, sizeof heard - length);
    if (got <= 0) die("cannot read");
    length += (size_t)got;
  }
}

int main(int count, char **words) {
  if (count != 6) die("usage: floor HOST PORT REVERSE-PATH RECIPIENT FILE");
  static char message[1 << 20];
  FILE *file = fopen(words[5], "r");
  if (!file) die("cannot open the message");
  size_t length = fread(message, 1, sizeof message - 3, file);
  memcpy(message + length, ".\r\n", 3);

  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[2]))};
  inet_pton(AF_INET, words[1], &place.sin_addr);
  wire = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(wire, (struct sockaddr *)&place, sizeof place)) die("cannot connect");
  setsockopt(wire, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));

  char flight[1024];
  want('2');
  put("EHLO floor\r\n", 12);
  want('2');
  put(flight, (size_t)snprintf(flight, sizeof flight, "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", words[3], words[4]));
  want('2'), want('2'), want('3');
  put(message, length + 3);
  want('2');
  put("QUIT\r\n", 6);
  return 0;
}
