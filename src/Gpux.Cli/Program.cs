using Gpux.Cli;

return await Application.RunAsync(args);
