/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child: see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char **copy_list(struct arena *mem, char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    char **copy = arena_get(mem, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = list[i];
    return copy;
}

/* mode_environment changes the environment of its caller, so it gets a copy to change. setenv may
 * free the list that was in use before: afterwards this process goes on with a copy, too. */
char **child_environment(struct arena *mem, enum mode mode)
{
    char **own = copy_list(mem, environ);

    environ = copy_list(mem, environ);
    mode_environment(mode);
    char **changed = copy_list(mem, environ);
    environ = own;
    return changed;
}

/* Where this process was started with a standard stream closed, its number would be the next one
 * given out, and what is printed would end up there. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int reason = errno;
    close(fd);
    errno = reason;
    return moved;
}

static _Noreturn void give_up(const char *name)
{
    static const char words[] = ": cannot be started\n";

    if (write(STDERR_FILENO, name, strlen(name)) > 0 &&
        write(STDERR_FILENO, words, sizeof words - 1) > 0)
        _exit(127);
    _exit(127);
}

/* Between fork and exec: system calls alone. */
static _Noreturn void become(const char *const *argv, char *const *environment, pid_t parent,
                             int in, int out, int errors)
{
    sigset_t none;

    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    if (out <= STDERR_FILENO) /* dup2 to itself would leave it to be closed */
        out = fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(errors, STDERR_FILENO) < 0)
        _exit(127);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(argv[0], (char *const *)argv, environment);
    give_up(argv[0]);
}

static enum status cannot_start(const char *what)
{
    const char *hint = errno == EMFILE || errno == ENFILE
                           ? "raise the limit on open files (ulimit -n)"
                           : "this machine takes no more processes: run less at once (-j)";

    return status_set(STATUS_UNFIT, "%s cannot be started: %s; %s", what, strerror(errno), hint);
}

enum status child_start(struct child *c, const char *const *argv, char *const *environment, int out)
{
    const pid_t parent = getpid();
    const int nothing = above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));

    *c = (struct child){.errors = above_standard(memfd_create("stderr", MFD_CLOEXEC))};
    if (nothing >= 0 && c->errors >= 0)
        c->pid = fork();
    else
        c->pid = -1;
    if (c->pid == 0)
        become(argv, environment, parent, nothing, out >= 0 ? out : nothing, c->errors);
    const enum status status = c->pid < 0 ? cannot_start(argv[0]) : STATUS_OK;
    if (nothing >= 0)
        close(nothing);
    if (status != STATUS_OK) {
        if (c->errors >= 0)
            close(c->errors);
        *c = (struct child){.errors = -1};
    }
    return status;
}

int child_ended(struct child *c, int wait, int *code)
{
    int ended;
    pid_t got;

    do
        got = waitpid(c->pid, &ended, wait ? 0 : WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    *code = got < 0 ? 127 : WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
    c->pid = 0;
    return 1;
}

/* The last line of a text of n bytes, blanks and control characters at its end left out. */
static void last_line(char *text, size_t n, char out[CHILD_WORDS])
{
    while (n > 0 && (unsigned char)text[n - 1] <= ' ')
        n--;
    text[n] = '\0';
    char *newline = strrchr(text, '\n'), *line = newline != NULL ? newline + 1 : text;
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    snprintf(out, CHILD_WORDS, "%.*s", CHILD_WORDS - 1, line);
}

void child_last_words(struct child *c, char out[CHILD_WORDS])
{
    char tail[4096];
    const off_t end = lseek(c->errors, 0, SEEK_END), room = (off_t)sizeof tail - 1;
    const off_t from = end > room ? end - room : 0;
    const ssize_t n = end > 0 ? pread(c->errors, tail, (size_t)(end - from), from) : 0;

    last_line(tail, n > 0 ? (size_t)n : 0, out);
    close(c->errors);
    c->errors = -1;
}

void child_kill(struct child *c)
{
    int code;

    kill(c->pid, SIGKILL);
    child_ended(c, 1, &code);
    close(c->errors);
    c->errors = -1;
}

char *child_end_in_words(char out[96], int code)
{
    if (code > 128)
        snprintf(out, 96, "was killed by signal %d (%s)", code - 128, strsignal(code - 128));
    else
        snprintf(out, 96, "ended with exit status %d", code);
    return out;
}
